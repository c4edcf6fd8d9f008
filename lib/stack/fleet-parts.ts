/**
 * The parts of a fleet file as the checks of its meaning see them. A part whose shape is wrong is absent here (its
 * problem is already known), so that one reading of the file finds everything that can be found.
 */
import type { Path } from './fleet-problems.ts';
import type { FleetFileShape } from './fleet-schema.ts';

/** The file with holes where something was refused. */
type Partly<T> = T extends readonly (infer E)[]
  ? readonly (Partly<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Partly<T[K]> | undefined }
    : T;

export type File = Partly<FleetFileShape>;
export type Resource = Partly<FleetFileShape['resources'][string]>;
export type Candidate = NonNullable<NonNullable<Resource['servers']>[number]>;
type Dependent = Partly<FleetFileShape['resources'][string]['dependents'][string]>;

interface Part<T> {
  readonly path: Path;
  readonly part: T;
}

export function resourcesOf(file: File): readonly (Part<Resource> & { readonly tag: string })[] {
  return Object.entries(file.resources ?? {}).flatMap(([tag, part]) =>
    part === undefined ? [] : [{ tag, part, path: ['resources', tag] }],
  );
}

export function candidatesOf(resource: Resource, path: Path): readonly Part<Candidate>[] {
  return (resource.servers ?? []).flatMap((part, index) =>
    part === undefined ? [] : [{ part, path: [...path, 'servers', index] }],
  );
}

export type DependentPart = Part<Dependent> & {
  readonly name: string;
  readonly tag: string;
  readonly resource: Resource;
};

export function dependentsOf(file: File): readonly DependentPart[] {
  return resourcesOf(file).flatMap(({ tag, part: resource, path }) =>
    Object.entries(resource.dependents ?? {}).flatMap(([name, part]) =>
      part === undefined ? [] : [{ name, tag, resource, part, path: [...path, 'dependents', name] }],
    ),
  );
}

export function interfacesOf(file: File) {
  return Object.entries(file.servers ?? {}).flatMap(([server, settings]) =>
    Object.entries(settings?.interfaces ?? {}).map(([name, part]) => ({
      server,
      name,
      part,
      path: ['servers', server, 'interfaces', name] as const,
    })),
  );
}

/** Names of the servers that may hold it. */
export function serversOf(resource: Resource): readonly string[] {
  return (resource.servers ?? []).flatMap((candidate) => candidate?.server ?? []);
}

export function oneOf(names: readonly string[]): string {
  return names.length === 0 ? 'none before it has one' : `one of ${names.join(', ')}`;
}
