import 'uplot/dist/uPlot.min.css';
import './style.css';
import { render } from 'preact';
import { createStore } from './data/store.ts';
import { applyTheme, readTheme } from './data/theme.ts';
import { App } from './view/app.tsx';

applyTheme(readTheme());
const store = createStore();
store.start();
render(<App store={store} />, document.getElementById('page')!);
