/**
 * The worker's entry: takes the first message and becomes the engine.
 *
 * Owns: nothing. Does not: anything that thread="main" would not do too (that calls startEngine itself).
 */
import { startEngine } from './engine.js';

addEventListener('message', ({ data }) => startEngine(data), { once: true });
