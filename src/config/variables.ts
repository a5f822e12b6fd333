import { checkBaseUrl } from "../core/base-url.ts";
import { CallIsOff } from "../sentence.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** One line that names the variable, what is wrong and what it should be; never its value. */
export class ConfigError extends CallIsOff {
	override readonly name = "ConfigError";
}

export type Get = (name: string) => string | null;

export function getter(env: Environment): Get {
	return (name) => {
		const value = env[name]?.trim();
		return value === undefined || value === "" ? null : value;
	};
}

export function wrong(name: string, problem: string): never {
	throw new ConfigError(`${name} ${problem}.`);
}

export function readInteger(get: Get, name: string, otherwise: number, from: number, to: number): number {
	const text = get(name);
	if (text === null) return otherwise;
	const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
	if (!(value >= from && value <= to)) wrong(name, `has to be a whole number from ${from} to ${to}`);
	return value;
}

export function readChoice<T extends string>(get: Get, name: string, choices: readonly T[]): T | null {
	const text = get(name);
	if (text === null) return null;
	return choices.find((choice) => choice === text) ?? wrong(name, `has to be one of ${choices.join(", ")}`);
}

export function readUrl(get: Get, name: string): string | null {
	const text = get(name);
	if (text === null) return null;
	const checked = checkBaseUrl(text);
	return checked.ok ? checked.url : wrong(name, checked.problem);
}
