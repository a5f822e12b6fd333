import { type ComponentChildren, createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Problem, showPath } from "../../../configuration/problem.ts";
import { Form } from "../layout.tsx";

/** A form with what stands in it, and what is wrong with that. */
export interface Draft {
	/** Of every field of the form, by its name: the path of what it writes, with dots. */
	readonly values: Readonly<Record<string, string>>;
	readonly problems: readonly Problem[];
	/** What else is in the way; null: nothing. */
	readonly trouble: string | null;
}

export function draftOf(values: Draft["values"]): Draft {
	return { values, problems: [], trouble: null };
}

const DraftContext = createContext<Draft>(draftOf({}));

/** What is wrong, each at the field that it is about; at `""` what is about none. Pure. */
export function placed({ values, problems }: Draft): ReadonlyMap<string, readonly Problem[]> {
	const names = Object.keys(values);
	const found = new Map<string, Problem[]>();
	for (const problem of problems) {
		const path = problem.path.join(".");
		const at = names
			.filter((name) => path === name || path.startsWith(`${name}.`))
			.reduce((best, name) => (name.length > best.length ? name : best), "");
		found.set(at, [...(found.get(at) ?? []), problem]);
	}
	return found;
}

/** A form around a draft: what is wrong and belongs to no field stands above it. */
export function DraftForm({
	action,
	draft,
	version,
	children,
}: {
	readonly action: string;
	/** How the entry stands that the form changes: who else changes it before is not overwritten unseen. */
	readonly version?: string;
	readonly draft: Draft;
	readonly children: ComponentChildren;
}) {
	return (
		<DraftFields draft={draft}>
			<Form action={action}>
				<Trouble draft={draft} />
				{version === undefined ? null : <input type="hidden" name="version" value={version} />}
				{children}
			</Form>
		</DraftFields>
	);
}

export function DraftFields({ draft, children }: { readonly draft: Draft; readonly children: ComponentChildren }) {
	return <DraftContext.Provider value={draft}>{children}</DraftContext.Provider>;
}

function Trouble({ draft }: { readonly draft: Draft }) {
	const loose = placed(draft).get("") ?? [];
	const { trouble, problems } = draft;
	if (trouble === null && problems.length === 0) return null;
	return (
		<div class="notice bad" role="alert">
			<strong>Nothing was changed.</strong>{" "}
			{trouble ?? (loose.length === 0 ? "What is wrong stands beside its field." : null)}
			{loose.length === 0 ? null : (
				<ul>
					{loose.map((one) => (
						<li key={showPath(one.path)}>{`${showPath(one.path) || "It"} ${one.message}.`}</li>
					))}
				</ul>
			)}
		</div>
	);
}

interface FieldProps {
	readonly name: string;
	readonly label: string;
	readonly hint?: ComponentChildren;
}

/** What a field shows: its value, the sentences that are wrong with it, and how a screen reader finds them. */
function useField({ name, label, hint }: FieldProps) {
	const draft = useContext(DraftContext);
	const wrong = (placed(draft).get(name) ?? []).map((one) => {
		const rest = one.path.slice(name.split(".").length);
		const entry = rest.map((part) => (typeof part === "number" ? `entry ${part + 1}` : part)).join(", ");
		return `${label}${entry === "" ? "" : `, ${entry},`} ${one.message}.`;
	});
	const id = `f-${name}`;
	const described = [...(hint === undefined ? [] : [`${id}-hint`]), ...(wrong.length === 0 ? [] : [`${id}-wrong`])];
	return {
		id,
		value: draft.values[name] ?? "",
		aria: {
			...(described.length === 0 ? {} : { "aria-describedby": described.join(" ") }),
			...(wrong.length === 0 ? {} : { "aria-invalid": true as const }),
		},
		around: (control: ComponentChildren) => (
			<div class="field">
				<label for={id}>{label}</label>
				{control}
				{hint === undefined ? null : (
					<p class="hint" id={`${id}-hint`}>
						{hint}
					</p>
				)}
				{wrong.length === 0 ? null : (
					<p class="error" id={`${id}-wrong`}>
						{wrong.join(" ")}
					</p>
				)}
			</div>
		),
	};
}

export function TextField({
	type = "text",
	placeholder,
	required = false,
	suggestions,
	...field
}: FieldProps & {
	readonly type?: "text" | "email" | "number" | "url";
	readonly placeholder?: string | undefined;
	readonly required?: boolean;
	/** The id of a datalist. */
	readonly suggestions?: string;
}) {
	const { id, value, aria, around } = useField(field);
	return around(
		<input
			{...aria}
			{...{ id, type, name: field.name, value, required }}
			{...(placeholder === undefined ? {} : { placeholder })}
			{...(suggestions === undefined ? {} : { list: suggestions })}
			autocomplete="off"
			spellcheck={false}
		/>,
	);
}

/** Several words, one a line or parted by commas. */
export function ListField({
	placeholder,
	rows = 2,
	...field
}: FieldProps & { readonly placeholder?: string | undefined; readonly rows?: number }) {
	const { id, value, aria, around } = useField(field);
	return around(
		<textarea
			{...aria}
			{...{ id, name: field.name, rows }}
			{...(placeholder === undefined ? {} : { placeholder })}
			class="short"
			spellcheck={false}
			value={value}
		/>,
	);
}

/** What is written and never shown again. */
export function SecretField({ kept, ...field }: FieldProps & { readonly kept: boolean }) {
	const { id, aria, around } = useField({ ...field, ...(kept ? { hint: KEPT } : {}) });
	return around(
		<input
			{...aria}
			{...{ id, type: "password", name: field.name }}
			placeholder={kept ? "••••••••" : ""}
			autocomplete="new-password"
			spellcheck={false}
		/>,
	);
}

/** A secret of more than one line. */
export function SecretArea({ kept, ...field }: FieldProps & { readonly kept: boolean }) {
	const { id, aria, around } = useField({ ...field, ...(kept ? { hint: KEPT } : {}) });
	return around(
		<textarea
			{...aria}
			{...{ id, name: field.name, rows: 2 }}
			placeholder={kept ? "••••••••" : "-----BEGIN …"}
			class="short"
			autocomplete="off"
			spellcheck={false}
		/>,
	);
}

const KEPT = "One is kept, and is never shown. Leave this empty to keep it.";

export function SelectField({
	options,
	...field
}: FieldProps & { readonly options: readonly { readonly value: string; readonly label: string }[] }) {
	const { id, value, aria, around } = useField(field);
	// What stands there is offered too, so that no form changes it by being sent.
	const all = options.some((one) => one.value === value) ? options : [{ value, label: value || "–" }, ...options];
	return around(
		<select {...aria} {...{ id, name: field.name }}>
			{all.map((one) => (
				<option key={one.value} value={one.value} selected={one.value === value}>
					{one.label}
				</option>
			))}
		</select>,
	);
}

/** The values of a form as they were sent: of each field that it has. */
export function sent(form: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
	return Object.fromEntries(names.map((name) => [name, (form[name] ?? "").replaceAll("\r\n", "\n")]));
}

/** Words without white space in them. */
export function wordsIn(text: string | undefined): string[] {
	return (text ?? "").split(/[\s,]+/).filter((one) => one !== "");
}

/** Of what was left empty, nothing. */
export function textOr<T>(text: string | undefined, otherwise: T): string | T {
	const trimmed = (text ?? "").trim();
	return trimmed === "" ? otherwise : trimmed;
}
