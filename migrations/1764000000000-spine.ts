import type { MigrationInterface, QueryRunner } from "typeorm";

/** The tables of the main job: who and what, runs, locks, the outbox, the audit trail, the runners' work. */
export class Spine1764000000000 implements MigrationInterface {
	async up(db: QueryRunner): Promise<void> {
		for (const statement of STATEMENTS) await db.query(statement);
	}

	async down(): Promise<void> {
		throw new Error("The audit trail is not taken down: restore a backup to go back before the first migration.");
	}
}

const STATES = `'waiting_approval','queued','dispatching','running','cancelling','succeeded','failed','rejected','cancelled','expired','superseded','timed_out'`;
const ENDS = `'succeeded','failed','rejected','cancelled','expired','superseded','timed_out'`;

const STATEMENTS = [
	`CREATE TABLE setting (
		name text PRIMARY KEY,
		value text NOT NULL
	)`,
	`CREATE TABLE person (
		id uuid PRIMARY KEY,
		name text NOT NULL,
		created_at timestamptz NOT NULL DEFAULT now()
	)`,
	// One person may have several: that is what stops them from approving with one account what they asked for with another.
	`CREATE TABLE identity (
		platform text NOT NULL CONSTRAINT identity_platform_known CHECK (platform IN ('slack','teams','local','token','email')),
		tenant text NOT NULL,
		external_id text NOT NULL,
		person_id uuid NOT NULL CONSTRAINT identity_person REFERENCES person(id),
		email text,
		PRIMARY KEY (platform, tenant, external_id)
	)`,
	`CREATE INDEX identity_by_person ON identity (person_id)`,
	`CREATE INDEX identity_by_email ON identity (email) WHERE email IS NOT NULL`,
	`CREATE TABLE integration (
		id uuid PRIMARY KEY,
		slug text NOT NULL CONSTRAINT integration_slug UNIQUE,
		provider text NOT NULL CONSTRAINT integration_provider_known CHECK (provider IN ('github','gitlab','bitbucket','runner')),
		base_url text,
		settings jsonb NOT NULL DEFAULT '{}',
		secrets text,
		managed_by text NOT NULL CONSTRAINT integration_managed_by_known CHECK (managed_by IN ('file','api','sample'))
	)`,
	`CREATE TABLE policy (
		id uuid PRIMARY KEY,
		slug text NOT NULL CONSTRAINT policy_slug UNIQUE,
		extends text,
		rules jsonb NOT NULL DEFAULT '{}',
		managed_by text NOT NULL CONSTRAINT policy_managed_by_known CHECK (managed_by IN ('file','api','sample'))
	)`,
	`CREATE TABLE project (
		id uuid PRIMARY KEY,
		slug text NOT NULL CONSTRAINT project_slug UNIQUE,
		name text NOT NULL,
		integration_id uuid NOT NULL CONSTRAINT project_integration REFERENCES integration(id),
		repository text NOT NULL,
		pipeline text NOT NULL,
		default_ref text NOT NULL,
		managed_by text NOT NULL CONSTRAINT project_managed_by_known CHECK (managed_by IN ('file','api','sample')),
		archived_at timestamptz
	)`,
	`CREATE TABLE environment (
		id uuid PRIMARY KEY,
		project_id uuid NOT NULL CONSTRAINT environment_project REFERENCES project(id),
		slug text NOT NULL,
		aliases text[] NOT NULL DEFAULT '{}',
		policy text NOT NULL,
		channels jsonb NOT NULL DEFAULT '{}',
		labels text[] NOT NULL DEFAULT '{}',
		position integer NOT NULL DEFAULT 0,
		archived_at timestamptz,
		CONSTRAINT environment_slug UNIQUE (project_id, slug)
	)`,
	`CREATE TABLE access_binding (
		id uuid PRIMARY KEY,
		role text NOT NULL CONSTRAINT access_binding_role_known CHECK (role IN ('viewer','operator','approver','admin','emergency')),
		subjects jsonb NOT NULL,
		projects text[] NOT NULL DEFAULT '{*}',
		environments text[] NOT NULL DEFAULT '{*}',
		managed_by text NOT NULL CONSTRAINT access_binding_managed_by_known CHECK (managed_by IN ('file','api','sample')),
		position integer NOT NULL DEFAULT 0
	)`,
	`CREATE TABLE api_token (
		id uuid PRIMARY KEY,
		name text NOT NULL,
		kind text NOT NULL CONSTRAINT api_token_kind_known CHECK (kind IN ('api','runner')),
		role text CONSTRAINT api_token_role_known CHECK (role IN ('viewer','operator','approver','admin')),
		person_id uuid NOT NULL CONSTRAINT api_token_person REFERENCES person(id),
		integration_id uuid CONSTRAINT api_token_integration REFERENCES integration(id),
		hash bytea NOT NULL CONSTRAINT api_token_hash UNIQUE,
		created_at timestamptz NOT NULL DEFAULT now(),
		expires_at timestamptz,
		revoked_at timestamptz,
		CONSTRAINT api_token_role_with_kind CHECK ((kind = 'api') = (role IS NOT NULL))
	)`,
	`CREATE SEQUENCE run_number AS integer`,
	`CREATE SEQUENCE queue_place`,
	`CREATE TABLE run (
		id uuid PRIMARY KEY,
		number integer NOT NULL CONSTRAINT run_number_once UNIQUE,
		project_id uuid NOT NULL CONSTRAINT run_project REFERENCES project(id),
		environment_id uuid NOT NULL CONSTRAINT run_environment REFERENCES environment(id),
		project text NOT NULL,
		environment text NOT NULL,
		type text NOT NULL CONSTRAINT run_type_known CHECK (type IN ('deploy','rollback','dry-run')),
		ref_name text NOT NULL,
		ref_kind text NOT NULL CONSTRAINT run_ref_kind_known CHECK (ref_kind IN ('branch','tag','sha')),
		sha text NOT NULL,
		parameters jsonb NOT NULL,
		requested_by uuid NOT NULL CONSTRAINT run_requested_by REFERENCES person(id),
		requested_by_name text NOT NULL,
		note text,
		force jsonb,
		fingerprint text NOT NULL,
		approvals_required integer NOT NULL,
		retry_of integer,
		rollback jsonb,
		verdict jsonb NOT NULL,
		delivery_key text CONSTRAINT run_delivery_once UNIQUE,
		created_at timestamptz NOT NULL,
		version integer NOT NULL,
		state text NOT NULL CONSTRAINT run_state_known CHECK (state IN (${STATES})),
		deadline timestamptz,
		queue_position bigint,
		started_at timestamptz,
		finished_at timestamptz,
		trigger_attempted boolean NOT NULL DEFAULT false,
		external_id text,
		external_url text,
		stop jsonb,
		reason text,
		CONSTRAINT run_end_has_time CHECK ((finished_at IS NOT NULL) = (state IN (${ENDS}))),
		CONSTRAINT run_pending_has_deadline CHECK ((deadline IS NOT NULL) = (state NOT IN (${ENDS}))),
		CONSTRAINT run_active_has_start CHECK (state NOT IN ('dispatching','running','cancelling') OR started_at IS NOT NULL),
		CONSTRAINT run_running_is_known CHECK (state <> 'running' OR external_id IS NOT NULL),
		CONSTRAINT run_cancelling_has_stop CHECK ((state = 'cancelling') = (stop IS NOT NULL)),
		CONSTRAINT run_queued_has_place CHECK (state <> 'queued' OR queue_position IS NOT NULL)
	)`,
	// SPEC promise 1, held by the database itself.
	`CREATE UNIQUE INDEX run_one_active ON run (environment_id) WHERE state IN ('dispatching','running','cancelling')`,
	`CREATE INDEX run_waiting ON run (environment_id, queue_position) WHERE state IN ('waiting_approval','queued')`,
	`CREATE INDEX run_by_environment ON run (environment_id, number DESC)`,
	`CREATE INDEX run_by_project ON run (project_id, number DESC)`,
	`CREATE INDEX run_by_state ON run (state, number DESC)`,
	`CREATE INDEX run_succeeded ON run (environment_id, number DESC) WHERE state = 'succeeded'`,
	`CREATE INDEX run_by_requester ON run (requested_by, number DESC)`,
	`CREATE INDEX run_by_external ON run (external_id) WHERE external_id IS NOT NULL`,
	`CREATE TABLE approval (
		run_id uuid NOT NULL CONSTRAINT approval_run REFERENCES run(id),
		person_id uuid NOT NULL CONSTRAINT approval_person REFERENCES person(id),
		person_name text NOT NULL,
		decision text NOT NULL CONSTRAINT approval_decision_known CHECK (decision IN ('approved','rejected')),
		fingerprint text NOT NULL,
		reason text,
		at timestamptz NOT NULL,
		PRIMARY KEY (run_id, person_id)
	)`,
	`CREATE TABLE environment_lock (
		environment_id uuid PRIMARY KEY CONSTRAINT environment_lock_environment REFERENCES environment(id),
		person_id uuid NOT NULL CONSTRAINT environment_lock_person REFERENCES person(id),
		person_name text NOT NULL,
		reason text,
		until timestamptz,
		created_at timestamptz NOT NULL
	)`,
	// The head of each audit chain; its row is also the mutex of its environment: every change there locks it first.
	`CREATE TABLE chain_head (
		chain text PRIMARY KEY,
		seq bigint NOT NULL,
		hash bytea
	)`,
	`INSERT INTO chain_head (chain, seq, hash) VALUES ('system', 0, NULL)`,
	// Everything readable is generated from the hashed text, so no column can say something else than what was hashed.
	`CREATE TABLE audit_entry (
		chain text NOT NULL,
		seq bigint NOT NULL,
		entry text NOT NULL,
		previous bytea,
		hash bytea NOT NULL,
		at_ms bigint GENERATED ALWAYS AS ((entry::jsonb ->> 'atMs')::bigint) STORED,
		action text GENERATED ALWAYS AS (entry::jsonb ->> 'action') STORED,
		actor_id text GENERATED ALWAYS AS (entry::jsonb #>> '{actor,id}') STORED,
		project text GENERATED ALWAYS AS (entry::jsonb ->> 'project') STORED,
		environment text GENERATED ALWAYS AS (entry::jsonb ->> 'environment') STORED,
		run_id text GENERATED ALWAYS AS (entry::jsonb ->> 'runId') STORED,
		PRIMARY KEY (chain, seq)
	)`,
	`CREATE INDEX audit_entry_by_time ON audit_entry (at_ms, chain, seq)`,
	`CREATE INDEX audit_entry_by_run ON audit_entry (run_id, seq) WHERE run_id IS NOT NULL`,
	`CREATE FUNCTION audit_entry_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			RAISE EXCEPTION 'The audit trail is append-only: % is refused.', TG_OP USING ERRCODE = 'insufficient_privilege';
		END $$`,
	`CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry
		FOR EACH ROW EXECUTE FUNCTION audit_entry_is_append_only()`,
	`CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
		FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_is_append_only()`,
	`CREATE TABLE job (
		id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		kind text NOT NULL,
		run_id uuid,
		order_key text,
		dedupe_key text CONSTRAINT job_dedupe UNIQUE,
		payload jsonb NOT NULL DEFAULT '{}',
		run_at timestamptz NOT NULL DEFAULT now(),
		attempts integer NOT NULL DEFAULT 0,
		lease_token bigint NOT NULL DEFAULT 0,
		created_at timestamptz NOT NULL DEFAULT now(),
		done_at timestamptz,
		dead_at timestamptz,
		last_error text
	)`,
	`CREATE INDEX job_due ON job (run_at, id) WHERE done_at IS NULL AND dead_at IS NULL`,
	`CREATE INDEX job_in_order ON job (order_key, id) WHERE order_key IS NOT NULL AND done_at IS NULL AND dead_at IS NULL`,
	`CREATE INDEX job_done ON job (done_at) WHERE done_at IS NOT NULL`,
	// The root card of a run on a platform.
	`CREATE TABLE run_card (
		run_id uuid NOT NULL CONSTRAINT run_card_run REFERENCES run(id),
		platform text NOT NULL,
		channel text NOT NULL,
		message_id text NOT NULL,
		shown text NOT NULL,
		PRIMARY KEY (run_id, platform)
	)`,
	`CREATE INDEX run_card_by_message ON run_card (platform, channel, message_id)`,
	`CREATE TABLE run_log (
		run_id uuid NOT NULL CONSTRAINT run_log_run REFERENCES run(id),
		n integer NOT NULL,
		at timestamptz NOT NULL,
		line text NOT NULL,
		PRIMARY KEY (run_id, n)
	)`,
	`CREATE TABLE runner_work (
		job_id uuid PRIMARY KEY CONSTRAINT runner_work_run REFERENCES run(id),
		integration_id uuid NOT NULL CONSTRAINT runner_work_integration REFERENCES integration(id),
		repository text NOT NULL,
		entrypoint text NOT NULL,
		sha text NOT NULL,
		variables jsonb NOT NULL,
		timeout_seconds integer NOT NULL,
		labels text[] NOT NULL,
		offered_at timestamptz NOT NULL,
		lease bigint NOT NULL DEFAULT 0,
		leased_by text,
		lease_until timestamptz,
		begun_at timestamptz,
		cancel_requested boolean NOT NULL DEFAULT false,
		outcome text CONSTRAINT runner_work_outcome_known CHECK (outcome IN ('succeeded','failed','cancelled','timed_out')),
		reason text,
		finished_at timestamptz
	)`,
	`CREATE INDEX runner_work_open ON runner_work (offered_at) WHERE finished_at IS NULL`,
	`CREATE TABLE runner (
		token_id uuid NOT NULL CONSTRAINT runner_token REFERENCES api_token(id),
		name text NOT NULL,
		labels text[] NOT NULL,
		seen_at timestamptz NOT NULL,
		PRIMARY KEY (token_id, name)
	)`,
	// `json`, not `jsonb`: the answer comes back letter by letter.
	`CREATE TABLE idempotent_answer (
		token_id uuid NOT NULL,
		key text NOT NULL,
		request_hash text NOT NULL,
		status integer,
		body json,
		created_at timestamptz NOT NULL DEFAULT now(),
		tried_at timestamptz NOT NULL DEFAULT now(),
		PRIMARY KEY (token_id, key)
	)`,
];
