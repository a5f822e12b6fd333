import { pino } from "pino";
import { openWorkFolder } from "../../../adapters/runner/work-folder.ts";
import { unprivilegedUser } from "../../../src/postgres/run-as.ts";

// Opens a work folder as a user whom the rights of files stop: root is stopped by none. node work-folder-process.js <folder>
const [, , folder = ""] = process.argv;
const user = unprivilegedUser();
if (user !== null) {
	process.setgroups?.([user.gid]);
	process.setgid?.(user.gid);
	process.setuid?.(user.uid);
}
const work = await openWorkFolder(folder, pino({}, pino.destination({ sync: true })));
await work.close();
