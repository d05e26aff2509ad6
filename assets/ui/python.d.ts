// Written by `python -m docs.types`: what Python tells the page. Do not edit.
export type Query = Record<string, string>;
export type Config = any;
export type Control = any;
export type LayerInfo = any;
export type LabInfo = any;
export type RunHeader = any;
export type FieldsHeader = any;
export type MetricsHeader = any;
export type StepHeader = any;
export type LabHeader = any;
