/** The first line of a log of which only the end could be kept. */
export const EARLIER_LEFT_OUT =
	"── The log begins here: it is longer than what is kept of one (10000 lines, 2 MB), and what came before is left out.";

/** Whether a line says that lines are missing there: those that were too many, before it or after it. */
export function isLogCut(line: string): boolean {
	return /^(?:── )?The log (?:begins|ends) here: /.test(line);
}
