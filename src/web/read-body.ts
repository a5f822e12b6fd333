import type { ReadBody } from "../ports/inbox.ts";
import { bodyBudget, LARGE_BODY } from "./body-budget.ts";

/** A body, or a further megabyte of it, has to come within this time. */
const SLOW_MS = 10_000;

/** One budget for whoever reads with it. */
export function bodyReader(slowMs = SLOW_MS): ReadBody {
	const budget = bodyBudget();
	return async (request, response, limit) => {
		const declared = Number(request.headers["content-length"] ?? 0);
		if (declared > limit) return "too_large";
		return new Promise((resolve, reject) => {
			const held = budget.open(request.socket.remoteAddress ?? "", declared > LARGE_BODY);
			let chunks: Buffer[] = [];
			let size = 0;
			let atLastLook = 0;
			let over = false;
			const end = () => {
				over = true;
				clearInterval(looks);
			};
			const refuse = (why: "too_large" | "busy" | "too_slow") => {
				end();
				request.pause();
				chunks = [];
				held.give();
				resolve(why);
			};
			const looks = setInterval(() => {
				if (size - atLastLook < LARGE_BODY) refuse("too_slow");
				atLastLook = size;
			}, slowMs);
			request.on("data", (chunk: Buffer) => {
				if (over) return;
				size += chunk.length;
				if (size > limit) refuse("too_large");
				else if (!held.take(chunk.length)) refuse("busy");
				else chunks.push(chunk);
			});
			request.once("end", () => {
				if (over) return;
				end();
				resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, size));
			});
			request.once("error", (error) => {
				end();
				reject(error);
			});
			// It comes after a whole request too: an error made for nothing each time was a twentieth of a webhook.
			request.once("close", () => {
				if (over) return;
				end();
				held.give();
				reject(new Error("the sender went away"));
			});
			response.once("close", () => held.give());
		});
	};
}
