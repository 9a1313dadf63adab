/** The JSON documents of images, as they may come from anybody: checked, with the path of everything that is wrong. */
import { err, ok, type Result } from 'neverthrow';
import * as v from 'valibot';
import { digestPattern } from './reference.js';

const digest = v.pipe(v.string(), v.regex(digestPattern, 'must be "sha256:" with 64 hexadecimal digits'));
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const platform = v.object({
  os: v.string(),
  architecture: v.string(),
  variant: v.optional(v.string()),
});

const descriptor = v.object({
  mediaType: v.optional(v.string(), ''),
  digest,
  size,
  platform: v.optional(platform),
  annotations: v.optional(v.nullable(v.record(v.string(), v.string()))),
});

const indexSchema = v.object({
  mediaType: v.optional(v.string()),
  manifests: v.pipe(v.array(descriptor), v.maxLength(1000)),
});

const manifestSchema = v.object({
  mediaType: v.optional(v.string()),
  config: descriptor,
  layers: v.pipe(v.array(descriptor), v.maxLength(500)),
});

const texts = v.nullish(v.array(v.string()));

const configSchema = v.object({
  os: v.optional(v.string()),
  architecture: v.optional(v.string()),
  variant: v.optional(v.string()),
  config: v.nullish(
    v.object({
      Env: texts,
      Cmd: texts,
      Entrypoint: texts,
      User: v.nullish(v.string()),
      WorkingDir: v.nullish(v.string()),
      Labels: v.nullish(v.record(v.string(), v.string())),
      ExposedPorts: v.nullish(v.record(v.string(), v.unknown())),
      Volumes: v.nullish(v.record(v.string(), v.unknown())),
      StopSignal: v.nullish(v.string()),
    }),
  ),
  rootfs: v.object({ type: v.literal('layers'), diff_ids: v.array(digest) }),
});

/** `manifest.json` of `docker save`. */
const savedSchema = v.array(
  v.object({ Config: v.string(), RepoTags: v.nullish(v.array(v.string())), Layers: v.array(v.string()) }),
);

const tokenSchema = v.object({ token: v.optional(v.string()), access_token: v.optional(v.string()) });

const dockerConfigSchema = v.object({
  auths: v.nullish(
    v.record(
      v.string(),
      v.object({
        auth: v.optional(v.string()),
        username: v.optional(v.string()),
        password: v.optional(v.string()),
        identitytoken: v.optional(v.string()),
      }),
    ),
  ),
  credHelpers: v.nullish(v.record(v.string(), v.string())),
  credsStore: v.optional(v.string()),
});

const helperSchema = v.object({ Username: v.string(), Secret: v.string() });

/** What a document or a blob is, how large, and its hash. */
export type Descriptor = v.InferOutput<typeof descriptor>;
export type Index = v.InferOutput<typeof indexSchema>;
export type ConfigFile = v.InferOutput<typeof configSchema>;
export type DockerConfig = v.InferOutput<typeof dockerConfigSchema>;

export const parseIndex = reader(indexSchema, 'image index');
export const parseManifest = reader(manifestSchema, 'image manifest');
export const parseConfig = reader(configSchema, 'image configuration');
export const parseSaved = reader(savedSchema, 'manifest.json of "docker save"');
export const parseToken = reader(tokenSchema, "registry's token");
export const parseDockerConfig = reader(dockerConfigSchema, 'docker config.json');
export const parseHelperAnswer = reader(helperSchema, "credential helper's answer");

/** The error is a sentence without its full stop. */
function reader<S extends v.GenericSchema>(
  schema: S,
  what: string,
): (text: string) => Result<v.InferOutput<S>, string> {
  return (text) => {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      return err(`the ${what} is not JSON`);
    }
    const read = v.safeParse(schema, json);
    if (read.success) return ok(read.output);
    const problems = read.issues.slice(0, 5).map((found) => {
      const path = v.getDotPath(found);
      return `${path === null ? '' : `${path}: `}${found.message}`;
    });
    return err(`the ${what} is wrong: ${problems.join('; ')}`);
  };
}
