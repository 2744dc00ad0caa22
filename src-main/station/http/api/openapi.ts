import { z } from 'zod';
import { calls, catalogue, eventRoles, events, version, type CallName } from '../../../contract/index.ts';
import { isBytes } from './json-forms.ts';
import { resources, type Resource } from './resources.ts';
import { servedCalls, servedEvents } from './served.ts';

type Json = Record<string, unknown>;

const codes = Object.keys(catalogue);

/** The schema of a call as OpenAPI 3.1 takes it: JSON Schema 2020-12, with bytes as base64. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (isBytes(zodSchema)) Object.assign(jsonSchema, { type: 'string', contentEncoding: 'base64' });
      // Once for all calls: it is the larger part of many answers.
      if (Array.isArray(jsonSchema.enum) && jsonSchema.enum.length === codes.length) {
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key as keyof typeof jsonSchema];
        jsonSchema.$ref = '#/components/schemas/ErrorCode';
      }
    },
  });
  return rest;
}

const json = (schema: Json, type = 'application/json'): Json => ({ content: { [type]: { schema } } });
const problem = { $ref: '#/components/responses/Problem' };
const answers = (name: CallName): Json => ({
  '200': { description: 'What the call answers', ...json(schemaOf(calls[name].output, 'output')) },
  default: problem,
});
const idempotencyKey = { $ref: '#/components/parameters/IdempotencyKey' };

function operationOf(name: CallName): Json {
  const { summary, roles, input } = calls[name];
  return {
    operationId: name.replace('.', '_'),
    summary,
    description: `Roles: ${roles.join(', ')}.`,
    tags: [name.slice(0, name.indexOf('.'))],
    parameters: [idempotencyKey],
    requestBody: { required: true, ...json(schemaOf(input, 'input')) },
    responses: answers(name),
  };
}

function operationOfResource({ method, path, call, query, body }: Resource): Json {
  const { properties = {} } = schemaOf(calls[call].input, 'input') as { properties?: Record<string, Json> };
  const inPath = [...path.matchAll(/\{(\w+)\}/gu)].map(([, name = '']) => name);
  return {
    operationId: `${method}_${path.replace(/[^\w]+/gu, '_').replace(/^_|_$/gu, '')}`,
    summary: calls[call].summary,
    description: `The call ${call}. Roles: ${calls[call].roles.join(', ')}.`,
    tags: ['resources'],
    parameters: [
      ...inPath.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
      ...query.map((name) => ({ name, in: 'query', schema: properties[name] ?? { type: 'string' } })),
      ...(method === 'post' ? [idempotencyKey] : []),
    ],
    ...(body === null ? {} : { requestBody: { required: true, ...json(schemaOf(body, 'input')) } }),
    responses: answers(call),
  };
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'instance', 'code', 'params', 'retry', 'steps', 'who'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { $ref: '#/components/schemas/ErrorCode' },
    params: { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } },
    retry: { type: 'string' },
    steps: { type: 'array', items: { type: 'string' } },
    who: { type: 'string' },
  },
};

const resourcePaths = (): Json => {
  const paths: Record<string, Json> = {};
  for (const resource of resources) (paths[`/v1${resource.path}`] ??= {})[resource.method] = operationOfResource(resource);
  return paths;
};

/** The OpenAPI 3.1 document of this station, made from the contract. */
export function openApi(): Json {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Birthmark',
      version,
      description:
        'A provisioning station. Each call of its contract is a POST; the resources are other names for some of them. Bytes are base64.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ accessKey: [] }, { clientCertificate: [] }],
    paths: {
      ...Object.fromEntries(servedCalls.map((name) => [`/v1/calls/${name}`, { post: operationOf(name) }])),
      ...resourcePaths(),
      '/v1/events': {
        get: {
          operationId: 'events',
          summary: 'What happens, as server-sent events; resumable by the id of the last one',
          description: servedEvents.map((name) => `${name}: ${eventRoles[name].filter((role) => role !== 'nobody').join(', ')}.`).join(' '),
          tags: ['events'],
          parameters: [{ name: 'Last-Event-ID', in: 'header', schema: { type: 'string' } }],
          responses: {
            '200': { description: 'Events without end', content: { 'text/event-stream': { schema: { type: 'string' } } } },
            default: problem,
          },
        },
      },
      '/v1/openapi.json': {
        get: {
          operationId: 'openapi',
          summary: 'This document',
          tags: ['events'],
          responses: { '200': { description: 'This document', ...json({ type: 'object' }) }, default: problem },
        },
      },
    },
    components: {
      securitySchemes: {
        accessKey: { type: 'http', scheme: 'bearer', description: 'birthmark access-keys add' },
        clientCertificate: { type: 'mutualTLS', description: 'The certificate of a service that an access key names' },
      },
      parameters: {
        IdempotencyKey: {
          name: 'Idempotency-Key',
          in: 'header',
          description: 'The same call with the same key is done once within a day',
          schema: { type: 'string', maxLength: 128 },
        },
      },
      responses: { Problem: { description: 'Why not', ...json({ $ref: '#/components/schemas/Problem' }, 'application/problem+json') } },
      schemas: {
        Problem: problemSchema,
        ErrorCode: { type: 'string', enum: codes },
        ...Object.fromEntries(servedEvents.map((name) => [`event.${name}`, schemaOf(events[name], 'output')])),
      },
    },
  };
}
