/** Commit statuses of one pipeline, in every shape in which Bitbucket sends them or has sent them. Made up after its documentation. */

const REPOSITORY = {
	type: "repository",
	uuid: "{5a1c6a0e-6a5f-4f0f-9c51-2f3b8a6f1d11}",
	full_name: "acme/shop",
	name: "shop",
	workspace: { type: "workspace", slug: "acme", uuid: "{0f5f9a52-3a1e-4a1e-8f6c-6a2d8c1b7e01}" },
	project: { type: "project", key: "WEB" },
	is_private: true,
	links: { html: { href: "https://bitbucket.org/acme/shop" } },
};
const STATUS = {
	type: "build",
	key: "1288765934",
	name: "Pipeline #4 for main",
	description: "",
	state: "INPROGRESS",
	url: "https://bitbucket.org/acme/shop/pipelines/results/4",
	refname: "main",
	created_on: "2026-03-04T10:00:00.123456+00:00",
	updated_on: "2026-03-04T10:00:01.654321+00:00",
	commit: { type: "commit", hash: "a".repeat(40), date: "2026-03-04T09:59:00+00:00", message: "Sell tea\n" },
	repository: REPOSITORY,
	links: {
		self: { href: "https://api.bitbucket.org/2.0/repositories/acme/shop/commit/aaaa/statuses/build/1288765934" },
	},
};
const USER = { type: "user", display_name: "Ada", nickname: "ada", uuid: "{9c2e4c0a-70c9-4f5f-a3a5-3b0a5bb7c001}" };
const plain = { actor: USER, repository: REPOSITORY, commit_status: STATUS };
const withStatus = (change: object) => ({ ...plain, commit_status: { ...STATUS, ...change } });
const without = <T extends object>(value: T, ...keys: string[]): object =>
	Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));

export const PAYLOADS = {
	plain,
	updatedLater: withStatus({ state: "SUCCESSFUL", updated_on: "2026-03-04T10:05:00+00:00" }),
	aNegativeKey: withStatus({ key: "-1954837291" }),
	aKeyThatIsANumber: withStatus({ key: -1954837291 }),
	noRefname: { ...plain, commit_status: without(STATUS, "refname") },
	refnameNull: withStatus({ refname: null }),
	noCommit: { ...plain, commit_status: without(STATUS, "commit", "repository") },
	theOldAddress: withStatus({ url: "https://bitbucket.org/acme/shop/addon/pipelines/home#!/results/4" }),
	theAddressOfAStep: withStatus({
		url: "https://bitbucket.org/acme/shop/pipelines/results/4/steps/%7B1%7D/test-report",
	}),
	anAddressWithMore: withStatus({ url: "https://bitbucket.org/acme/shop/pipelines/results/4?iid=4#log" }),
	aTeamAsActor: { ...plain, actor: { type: "team", username: "acme", display_name: "Acme", uuid: USER.uuid } },
	noActor: without(plain, "actor"),
	actorNull: { ...plain, actor: null },
	anUnknownState: withStatus({ state: "EVAPORATED" }),
	stateNull: withStatus({ state: null }),
	theRepositoryInTheStatusAlone: { actor: USER, commit_status: STATUS },
	theRepositoryInTheAddressAlone: { commit_status: { url: STATUS.url } },
	aRepositoryWithoutItsName: { ...plain, repository: { uuid: REPOSITORY.uuid } },
	more: { ...plain, hook: { uuid: "{1}" }, changes: [1, 2, 3] },
};
