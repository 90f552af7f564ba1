// The package's own declaration is one of CommonJS.
declare const htm: {
  bind<Make extends (...parts: never[]) => unknown>(
    make: Make,
  ): (strings: TemplateStringsArray, ...values: unknown[]) => ReturnType<Make>;
};
export default htm;
