"""Five pages that show <layer-w>, as the documentation of each library writes them: by name, the files."""

from __future__ import annotations

GAME = '''import layerw as lw

app = lw.App()
app.spawn(lw.Mesh.box())
words = open("words.txt").read().strip()


@app.page.on("greet")
def greet(name):
    app.page.send("greeted", f"{words} {name}")
'''
HEAD = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
PLAYER = 'src="/game/main.py" backend="null"'
READY = "(event) => (document.title = event.detail.backend)"
VITE = """import layerw from 'layerw/vite';
%s
export default { base: '/%s/', logLevel: 'warn', plugins: [%s layerw(%s)], build: { outDir: 'dist' } };
"""
SHARED = "{ url: '/layerw/' }"


def page(script: str) -> str:
    return f'{HEAD}<div id="root"></div><script type="module">{script}</script>'


REACT = {
    "vite.config.js": VITE % ("", "react", "", ""),  # all that the plugin does: the engine's files, and the game's list
    "index.html": page("import './main.jsx'"),
    "public/game/main.py": GAME,
    "public/game/words.txt": "good day",
    "main.jsx": f"""import 'layerw';
import {{ createRoot }} from 'react-dom/client';
const loud = {{ gpu_mib: 256 }};
createRoot(document.getElementById('root')).render(
  <layer-w src="/react/game/main.py" backend="null" budgets={{loud}} onlayerw-ready={{{READY}}} />);
""",
}
VUE = {
    "vite.config.js": VITE % ("import vue from '@vitejs/plugin-vue';", "vue", (
        "vue({ template: { compilerOptions: { isCustomElement: (tag) => tag === 'layer-w' } } }),"), SHARED),
    "index.html": page("import { createApp } from 'vue'; import App from './App.vue'; createApp(App).mount('#root')"),
    "App.vue": f"""<script setup>
import 'layerw';
const program = '/game/main.py';
const budgets = {{ gpu_mib: 256 }};
const ready = {READY};
</script>
<template><layer-w :src="program" backend="null" :budgets="budgets" @layerw-ready="ready" /></template>
""",
}
SVELTE = {
    "vite.config.js": VITE % ("import { svelte } from '@sveltejs/vite-plugin-svelte';", "svelte", "svelte(),", SHARED),
    "index.html": page("import { mount } from 'svelte'; import App from './App.svelte';"
                       "mount(App, { target: document.getElementById('root') })"),
    "App.svelte": f"""<script>
import 'layerw';
const budgets = {{ gpu_mib: 256 }};
const ready = {READY};
</script>
<layer-w {PLAYER} {{budgets}} onlayerw-ready={{ready}}></layer-w>
""",
}
ASTRO = {
    "astro.config.mjs": f"""import layerw from 'layerw/vite';
export default {{ base: '/astro/', vite: {{ plugins: [layerw({SHARED})] }}, devToolbar: {{ enabled: false }} }};
""",
    "src/pages/index.astro": f"""---
const budgets = JSON.stringify({{ gpu_mib: 256 }});
---
{HEAD}
<layer-w {PLAYER} budgets={{budgets}}></layer-w>
<script>
import 'layerw';
document.addEventListener('layerw-ready', {READY});
</script>
""",
}
HTML = {
    "dist/index.html": f"""{HEAD}
<script type="module" src="/layerw/web/layer-w.js"></script>
<script>document.addEventListener('layerw-ready', {READY});</script>
<layer-w {PLAYER} budgets='{{"gpu_mib": 256}}'></layer-w>
""",
}
PROJECTS = {"react": REACT, "vue": VUE, "svelte": SVELTE, "astro": ASTRO, "html": HTML}
DEPENDENCIES = {
    "vite": "8.4.0", "react": "19.3.1", "react-dom": "19.3.1", "vue": "3.5.45", "@vitejs/plugin-vue": "6.0.11",
    "svelte": "5.57.3", "@sveltejs/vite-plugin-svelte": "7.3.1", "astro": "7.3.5", "@types/react": "19.3.3",
    "custom-elements-manifest": "2.1.0", "ajv": "8.20.0",
}  # fmt: skip
TYPED = """import 'layerw';
import type {} from 'layerw/react';
import type { LayerW } from 'layerw';
const element: LayerW = document.createElement('layer-w');
element.addEventListener('layerw-ready', (event) => console.log(event.detail.backend.length));
element.send('go', { path: new Float32Array(3) });
export const view = <layer-w src="/game/main.py" backend="webgpu" onlayerw-ready={() => {}} />;
"""
