// The theme without its web font: a page asks for nothing that the reader's machine does not have.
export { default } from 'vitepress/theme-without-fonts';
