interface RunSeen {
	readonly id: string;
	readonly state: string;
	readonly externalUrl: string | null;
}

/** The runs of a server that was started, as a client with this token asks for and reads them. */
export function runsOf(url: string, token: string) {
	const ask = async (path: string, body?: object): Promise<RunSeen> => {
		const answer = await fetch(`${url}/api/v1/runs${path}`, {
			headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
			...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
		});
		return (await answer.json()) as RunSeen;
	};
	return {
		request: (project: string, environment: string) => ask("", { project, environment }),
		read: (id: string) => ask(`/${id}`),
	};
}
