/** folder: of the engine's files in the build, "layerw" by default. url: where they lie already; then nothing is copied. */
export default function layerw(options?: { url?: string; folder?: string }): { name: string; [hook: string]: any };
