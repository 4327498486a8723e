// phase.js - so many connections for so long; deploy/loadtest/run puts scenarios together of these.
import { constantOptions, request, setup } from './common.js';

export const options = constantOptions();
export { setup };
export default function iteration() {
  request();
}
export function handleSummary() {
  return {};
}
