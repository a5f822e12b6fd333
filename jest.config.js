// Jest runs what tsc emitted: the bytes that ship are the bytes that are tested.
const build = process.env.BUILD_DIR ?? "build";

export default {
	roots: [`<rootDir>/${build}/test`],
	testMatch: ["**/*.test.js"],
	transform: {},
	// Its CommonJS half requires ES modules, which jest's own loader does not allow.
	moduleNameMapper: { "^slack-blocks-to-jsx$": "slack-blocks-to-jsx/dist/index.mjs" },
	globalSetup: `<rootDir>/${build}/test/support/global-setup.js`,
	globalTeardown: `<rootDir>/${build}/test/support/global-teardown.js`,
	testTimeout: 30_000,
	maxWorkers: 2,
};
