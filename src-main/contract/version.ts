/** Of the product, as package.json has it. In a file that loads nothing: `birthmark --version` reads it alone. */
export const version = '0.1.0';
