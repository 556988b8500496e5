"""Nothing but the sky: what a frame costs by itself."""

import layerw as lw

app = lw.App()
