/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/environment.h"

#include <stdlib.h>
#include <string.h>

#include "libcore/base/cleanup.h"
#include "libcore/base/env.h"

/* Beyond what the loader reads (libcore/base/env.c), which is decided before. */
static const char *const stripped[] = {
	/* nono's own: options of another command line. What a session is told is set inside. */
	"NONO_*",
	/* Other loaders. */
	"DYLD_*",
	/* Shells: files they read at their start, functions, and what changes how they read. */
	"BASH_ENV",
	"BASH_FUNC_*",
	"BASHOPTS",
	"CDPATH",
	"ENV",
	"GLOBIGNORE",
	"IFS",
	"PROMPT_COMMAND",
	"PS4",
	"SHELLOPTS",
	/* Language runtimes: code, modules and options for every program written in them. */
	"DOTNET_STARTUP_HOOKS",
	"GEM_HOME",
	"GEM_PATH",
	"GOFLAGS",
	"JAVA_TOOL_OPTIONS",
	"JDK_JAVA_OPTIONS",
	"MAVEN_OPTS",
	"NODE_OPTIONS",
	"NODE_PATH",
	"PERL5DB",
	"PERL5LIB",
	"PERL5OPT",
	"PERLLIB",
	"PHPRC",
	"PHP_INI_SCAN_DIR",
	"PYTHONHOME",
	"PYTHONPATH",
	"PYTHONSTARTUP",
	"RUBYLIB",
	"RUBYOPT",
	"RUSTC_WORKSPACE_WRAPPER",
	"RUSTC_WRAPPER",
	"_JAVA_OPTIONS",
	/* Programs that other programs start without being asked to. */
	"GIT_ASKPASS",
	"GIT_EXTERNAL_DIFF",
	"GIT_SSH*",
	"LESSCLOSE",
	"LESSOPEN",
	"SSH_ASKPASS*",
	"SUDO_ASKPASS",
	/* Agents and buses of the user, which act with the user's full rights. */
	"DBUS_SESSION_BUS_ADDRESS",
	"DBUS_STARTER_*",
	"GNOME_KEYRING_CONTROL",
	"GPG_AGENT_INFO",
	"SSH_AGENT_PID",
	"SSH_AUTH_SOCK",
	"VSCODE_GIT_*",
	"VSCODE_IPC_*",
	"XDG_RUNTIME_DIR",
	/* Sessions of password managers. */
	"BW_SESSION",
	"OP_CONNECT_HOST",
	"OP_CONNECT_TOKEN",
	"OP_SERVICE_ACCOUNT_TOKEN",
	"OP_SESSION_*",
};

static const char *const secrets[] = {
	/* Models. */
	"ANTHROPIC_API_KEY",
	"ANTHROPIC_AUTH_TOKEN",
	"AZURE_OPENAI_API_KEY",
	"CEREBRAS_API_KEY",
	"CLAUDE_CODE_OAUTH_TOKEN",
	"COHERE_API_KEY",
	"CO_API_KEY",
	"DEEPSEEK_API_KEY",
	"FIREWORKS_API_KEY",
	"GEMINI_API_KEY",
	"GOOGLE_API_KEY",
	"GOOGLE_GENERATIVE_AI_API_KEY",
	"GROQ_API_KEY",
	"HF_TOKEN",
	"HUGGING_FACE_HUB_TOKEN",
	"MISTRAL_API_KEY",
	"OPENAI_ADMIN_KEY",
	"OPENAI_API_KEY",
	"OPENROUTER_API_KEY",
	"PERPLEXITY_API_KEY",
	"REPLICATE_API_TOKEN",
	"TOGETHER_API_KEY",
	"XAI_API_KEY",
	/* Source and packages. */
	"BITBUCKET_TOKEN",
	"CARGO_REGISTRY_TOKEN",
	"CI_JOB_TOKEN",
	"DOCKER_AUTH_CONFIG",
	"GEM_HOST_API_KEY",
	"GH_ENTERPRISE_TOKEN",
	"GH_TOKEN",
	"GITHUB_ENTERPRISE_TOKEN",
	"GITHUB_PAT",
	"GITHUB_TOKEN",
	"GITLAB_TOKEN",
	"NODE_AUTH_TOKEN",
	"NPM_TOKEN",
	"SENTRY_AUTH_TOKEN",
	"TWINE_PASSWORD",
	"UV_PUBLISH_TOKEN",
	/* Machines and clouds. */
	"ARM_CLIENT_SECRET",
	"AWS_BEARER_TOKEN_BEDROCK",
	"AWS_SECRET_ACCESS_KEY",
	"AWS_SESSION_TOKEN",
	"AZURE_CLIENT_SECRET",
	"CLOUDFLARE_API_KEY",
	"CLOUDFLARE_API_TOKEN",
	"CONSUL_HTTP_TOKEN",
	"DD_API_KEY",
	"DD_APP_KEY",
	"DIGITALOCEAN_ACCESS_TOKEN",
	"DIGITALOCEAN_TOKEN",
	"FLY_API_TOKEN",
	"GRAFANA_API_KEY",
	"HCLOUD_TOKEN",
	"HEROKU_API_KEY",
	"LINODE_TOKEN",
	"NETLIFY_AUTH_TOKEN",
	"NOMAD_TOKEN",
	"PULUMI_ACCESS_TOKEN",
	"TF_TOKEN_*",
	"VAULT_TOKEN",
	"VERCEL_TOKEN",
	/* Services, databases, archives. */
	"ANSIBLE_VAULT_PASSWORD",
	"BORG_PASSPHRASE",
	"DISCORD_TOKEN",
	"MYSQL_PWD",
	"PGPASSWORD",
	"REDISCLI_AUTH",
	"RESTIC_PASSWORD",
	"SLACK_BOT_TOKEN",
	"SLACK_TOKEN",
	"SOPS_AGE_KEY",
	"SSHPASS",
	"STRIPE_API_KEY",
	"STRIPE_SECRET_KEY",
	"TELEGRAM_BOT_TOKEN",
};

static size_t name_length(const char *s)
{
	return strcspn(s, "=");
}

static bool is_named(const char *candidate, const char *name, size_t n)
{
	return strncmp(candidate, name, n) == 0 && candidate[n] == '\0';
}

static bool matches(const char *pattern, const char *name, size_t n)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*') {
		return n >= len - 1 && strncmp(pattern, name, len - 1) == 0;
	}
	return is_named(pattern, name, n);
}

static bool any_matches(const char *const *patterns, size_t n_patterns, const char *name, size_t n)
{
	for (size_t i = 0; i < n_patterns; i++) {
		if (matches(patterns[i], name, n)) {
			return true;
		}
	}
	return false;
}

static bool list_matches(const struct strlist *patterns, const char *name, size_t n)
{
	return any_matches((const char *const *)patterns->items, patterns->n, name, n);
}

static bool list_names(const struct strlist *names, const char *name, size_t n)
{
	for (size_t i = 0; i < names->n; i++) {
		if (is_named(names->items[i], name, n)) {
			return true;
		}
	}
	return false;
}

bool environment_is_secret(const char *name)
{
	return any_matches(secrets, ELEMENTSOF(secrets), name, name_length(name));
}

enum environment_verdict environment_check(const struct environment_rules *r, const char *name)
{
	size_t n = name_length(name);

	if (env_is_loader_variable(name)) {
		return ENVIRONMENT_LOADER;
	}
	if (list_names(&r->keep, name, n)) {
		return ENVIRONMENT_PASSES;
	}
	if (any_matches(stripped, ELEMENTSOF(stripped), name, n)) {
		return ENVIRONMENT_STRIPPED;
	}
	if (list_matches(&r->deny, name, n) ||
		(r->has_allow && !list_matches(&r->allow, name, n))) {
		return ENVIRONMENT_DENIED;
	}
	if (r->strip_secrets && environment_is_secret(name) && !list_names(&r->allow, name, n)) {
		return ENVIRONMENT_SECRET;
	}
	return ENVIRONMENT_PASSES;
}

static bool is_set(const struct environment_rules *r, const char *name, size_t n)
{
	for (size_t i = 0; i < r->set.n; i++) {
		const char *s = r->set.items[i];
		if (strncmp(s, name, n) == 0 && s[n] == '=' && !env_is_loader_variable(s)) {
			return true;
		}
	}
	return false;
}

char **environment_filter(const struct environment_rules *rules, char *const *from)
{
	size_t n = 0, n_from = 0;
	char **out;

	while (from[n_from]) {
		n_from++;
	}
	out = calloc(n_from + rules->set.n + 1, sizeof(*out));
	if (!out) {
		return NULL;
	}
	for (size_t i = 0; i < n_from; i++) {
		size_t len = name_length(from[i]);
		if (len == 0 || from[i][len] != '=' ||
			environment_check(rules, from[i]) != ENVIRONMENT_PASSES) {
			continue;
		}
		if (list_names(&rules->keep, from[i], len) || !is_set(rules, from[i], len)) {
			out[n++] = from[i];
		}
	}
	for (size_t i = 0; i < rules->set.n; i++) {
		char *s = rules->set.items[i];
		size_t len = name_length(s);
		bool kept = false;
		/* Kept, but the client may not have had it. */
		for (size_t k = 0; k < n && list_names(&rules->keep, s, len); k++) {
			kept |= strncmp(out[k], s, len + 1) == 0;
		}
		if (!kept && !env_is_loader_variable(s)) {
			out[n++] = s;
		}
	}
	return out;
}

void environment_rules_deinit(struct environment_rules *r)
{
	strlist_deinit(&r->allow);
	strlist_deinit(&r->deny);
	strlist_deinit(&r->keep);
	strlist_deinit(&r->set);
	*r = (struct environment_rules){ 0 };
}
