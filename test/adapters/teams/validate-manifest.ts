import { AppManifestUtils } from "@microsoft/app-manifest";

/** Prints what Microsoft's own schema says against the manifest that it is given; an empty list: nothing. */
const problems = await AppManifestUtils.validateAgainstSchema(JSON.parse(process.argv[2] ?? ""));
process.stdout.write(JSON.stringify(problems));
