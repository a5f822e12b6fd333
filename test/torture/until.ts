/** Waits for a condition, looking often; says so when it does not come true in time. */
export async function until(condition: () => Promise<boolean>, ms = 20_000): Promise<void> {
	const deadline = performance.now() + ms;
	while (!(await condition())) {
		if (performance.now() > deadline) throw new Error(`it did not come true within ${ms} ms: ${condition}`);
		await new Promise((resolve) => setTimeout(resolve, 15));
	}
}
