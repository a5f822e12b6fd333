import { ROLES, rolesIn } from "../../core/access.ts";
import { deleteSession } from "../../store/web-sessions.ts";
import { knownNames } from "../../use-cases/catalog.ts";
import { actorOf } from "../../use-cases/identify.ts";
import { signOutEverywhere } from "../../use-cases/web-sign-in.ts";
import { Badge } from "./bits.tsx";
import { sessionCookie } from "./cookies.ts";
import { Form } from "./layout.tsx";
import type { PageCall, PageReply, PageRoute } from "./page.tsx";

/** Who one is here, what one may, and the ways out. */
export const accountPages: readonly PageRoute[] = [
	{ method: "GET", path: "/account", handle: account },
	{
		method: "POST",
		path: "/sign-out",
		handle: async ({ deps, request }) => {
			const plain = sessionCookie(deps.publicUrl).read(request);
			if (plain !== null) await deleteSession(deps.db, plain);
			return { kind: "go", to: "/sign-in" };
		},
	},
	{
		method: "POST",
		path: "/sign-out-everywhere",
		handle: async ({ deps, caller }) => {
			await signOutEverywhere(deps, caller.person, actorOf(caller));
			return { kind: "go", to: "/sign-in" };
		},
	},
];

async function account({ deps, caller }: PageCall): Promise<PageReply> {
	const { projects } = await knownNames(deps.db.manager);
	const places = projects.flatMap((project) =>
		project.environments.map((environment) => {
			const scope = { project: project.slug, environment: environment.slug };
			const roles = rolesIn(caller.bindings, caller.principal, scope);
			return { place: `${project.slug}/${environment.slug}`, roles: ROLES.filter((role) => roles.has(role)) };
		}),
	);
	const { identities, emails, groups, outsider } = caller.principal;
	const content = (
		<>
			<h1>{caller.person.name}</h1>
			<p class="soft">Who you are here, and what you may do right now.</p>
			<div class="split">
				<section class="card" aria-labelledby="rights">
					<h2 id="rights">Your roles</h2>
					{outsider ? <p class="error">You are a guest here, so you may look and nothing else.</p> : null}
					{groups.known ? null : <p class="error">{`Your groups could not be read: ${groups.why}`}</p>}
					<div class="scroll">
						<table>
							<thead>
								<tr>
									<th scope="col">Environment</th>
									<th scope="col">Roles</th>
								</tr>
							</thead>
							<tbody>
								{places.map(({ place, roles }) => (
									<tr key={place}>
										<th scope="row">{place}</th>
										<td>
											{roles.length === 0 ? (
												<span class="soft">none</span>
											) : (
												roles.map((role) => <Badge key={role}>{role}</Badge>)
											)}
										</td>
									</tr>
								))}
							</tbody>
						</table>
					</div>
				</section>
				<aside>
					<section class="card" aria-labelledby="accounts">
						<h2 id="accounts">Your accounts</h2>
						<ul class="plain">
							{identities.map(({ platform, externalId }) => (
								<li key={`${platform} ${externalId}`}>
									{platform} <code>{externalId}</code>
								</li>
							))}
							{emails.map((email) => (
								<li key={email}>{email}</li>
							))}
						</ul>
					</section>
					<section class="card" aria-labelledby="out">
						<h2 id="out">Sign out</h2>
						<Form action="/sign-out-everywhere">
							<button type="submit">Sign out everywhere</button>
						</Form>
					</section>
				</aside>
			</div>
		</>
	);
	return { kind: "page", title: caller.person.name, section: "account", content };
}
