/** One line of the table. */
export interface Figure {
	readonly part: string;
	readonly what: string;
	readonly value: number;
	readonly unit: "%" | "ms" | "rows/s" | "jobs/s" | "x";
	/** null: told for information. */
	readonly goal: { readonly at: "least" | "most"; readonly value: number; readonly floor: number } | null;
	/** The absolute figures behind it. */
	readonly behind: string;
}

export type Judgement = "goal met" | "above floor" | "MISSED" | "";

export function judge({ value, goal }: Figure): Judgement {
	if (goal === null) return "";
	const reaches = (limit: number) => (goal.at === "least" ? value >= limit : value <= limit);
	if (reaches(goal.value)) return "goal met";
	return reaches(goal.floor) ? "above floor" : "MISSED";
}

const number = (value: number) =>
	value >= 1_000 ? Math.round(value).toLocaleString("en") : value >= 100 ? value.toFixed(0) : value.toFixed(2);

export function table(figures: readonly Figure[]): string {
	const rows = [
		["part", "what", "figure", "goal", "floor", "", "behind it"],
		...figures.map((figure) => {
			const sign = figure.goal?.at === "most" ? "≤ " : "≥ ";
			const limit = (value: number | undefined) => (value === undefined ? "" : `${sign}${number(value)}`);
			return [
				...[figure.part, figure.what, `${number(figure.value)} ${figure.unit}`],
				...[limit(figure.goal?.value), limit(figure.goal?.floor), judge(figure), figure.behind],
			];
		}),
	];
	const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
	return rows
		.map((row) =>
			row
				.map((cell, column) => cell.padEnd(widths[column] ?? 0))
				.join("  ")
				.trimEnd(),
		)
		.join("\n");
}

export const perSecond = (rate: number) => `${number(rate)}/s`;
export const milliseconds = (ms: number) => `${number(ms)} ms`;
