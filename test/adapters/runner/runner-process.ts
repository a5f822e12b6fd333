import { pino } from "pino";
import { runnerCommand } from "../../../adapters/runner/command.ts";

/** `draven runner` alone, as a process of its own for the tests. */
await runnerCommand({ env: process.env, log: () => pino({}, pino.destination({ dest: 2, sync: true })) }).parseAsync();
