/** A comment that begins so is followed, in comments of the same indent, by what is written for each parameter; the example's is `migrate`. */
const GROUP = /^([ \t]*)# One more for each parameter.*\n((?:\1# .*\n)+)/gm;

/** A ready pipeline file with a project's parameters in the place of the example; without any the example stays. */
export function fillPipelineFile(template: string, parameters: readonly string[]): string {
	if (parameters.length === 0) return template;
	return template.replace(GROUP, (_, indent: string, example: string) => {
		const plain = example.replaceAll(`${indent}# `, indent);
		return parameters.map((name) => plain.replace(/\bmigrate\b/g, name)).join("");
	});
}
