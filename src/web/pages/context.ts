import { createContext } from "preact";

/** What every page knows of the one who looks at it. */
export interface Viewer {
	readonly name: string;
	/** May change the configuration. */
	readonly admin: boolean;
	/** Goes into every form. */
	readonly csrf: string;
	/** What the last form did, shown once. */
	readonly flash: { readonly kind: "good" | "bad"; readonly text: string } | null;
}

export const ViewerContext = createContext<Viewer>({ name: "", admin: false, csrf: "", flash: null });
