import time, os
from . import test_transparency as t
def cpu():
    return {n: v for n, v in ((open(f'/proc/{p}/comm').read().strip()+':'+p, sum(map(int, open(f'/proc/{p}/stat').read().rsplit(')',1)[1].split()[11:13]))/100) for p in os.listdir('/proc') if p.isdigit()) }
def shown(running, call, frames=t.FRAMES):
    n0 = running.report()['frames'] if 'frames' in running.report() else 0
    c0=cpu(); s=time.time(); running.python(f"import __main__\n__main__.{call}\nNone"); a=time.time()
    running.frames(frames); b=time.time()
    r = t.pixels(running); c=time.time(); c1=cpu()
    used={k: round(v-c0.get(k,0),1) for k,v in c1.items() if v-c0.get(k,0)>0.5}
    rep=running.report()
    print(call, frames, 'call %.1f frames %.1f pixels %.1f'%(a-s,b-a,c-b), 'n', {k:rep[k] for k in rep if 'frame' in k and not isinstance(rep[k],(list,dict))}, used, flush=True); return r
t.shown=shown
def test_x(run_program):
    t.test_transparency_without_order(run_program,'webgpu')
