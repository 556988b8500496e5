import layerw as lw

app = lw.App()
cube = app.spawn(lw.Mesh.box(), lw.Material(color="tomato"))

@app.frame
def update(dt):
    cube.rotate(y=dt)
