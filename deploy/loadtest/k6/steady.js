// steady.js - k6 run -e URL=http://127.0.0.1:8080 [-e SECONDS=N] [-e SEED=N] steady.js
import { optionsOf, request, setup, summaryOf } from './common.js';

export const options = optionsOf('steady');
export { setup };
export default function iteration() {
  request();
}
export const handleSummary = summaryOf('steady');
