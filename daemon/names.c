/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/names.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcore/base/cleanup.h"

static const char *const adjectives[] = { "able", "agile", "amber", "ample", "azure", "bold",
	"brave", "brief", "bright", "brisk", "calm", "candid", "clear", "clever", "cosy", "crisp",
	"curious", "daring", "dear", "deft", "eager", "early", "easy", "fair", "fast", "fine",
	"firm", "fleet", "fond", "fresh", "gentle", "glad", "golden", "good", "grand", "green",
	"happy", "hardy", "honest", "humble", "ideal", "jolly", "keen", "kind", "light", "lively",
	"lucid", "lucky", "merry", "mild", "modest", "neat", "nimble", "noble", "open", "patient",
	"plain", "polite", "prime", "proud", "quick", "quiet", "rapid", "ready", "royal", "rural",
	"rustic", "sharp", "silent", "silver", "simple", "sleek", "smart", "smooth", "snug",
	"sober", "solid", "steady", "stout", "sunny", "swift", "tall", "tidy", "tough", "true",
	"vivid", "warm", "wise", "witty", "young" };

static const char *const nouns[] = { "acorn", "alder", "anchor", "apple", "arch", "aspen", "badger",
	"beacon", "beaver", "birch", "bison", "breeze", "bridge", "brook", "canyon", "cedar",
	"cliff", "clover", "comet", "coral", "crane", "creek", "crow", "dawn", "delta", "dune",
	"eagle", "elm", "ember", "falcon", "fern", "field", "finch", "fjord", "forest", "fox",
	"garden", "glade", "grove", "gull", "harbor", "hare", "harvest", "hawk", "hazel", "heron",
	"hill", "island", "ivy", "jay", "lake", "lark", "laurel", "leaf", "lilac", "linden", "lynx",
	"maple", "marsh", "meadow", "mesa", "mill", "moose", "moss", "oak", "ocean", "olive",
	"orchard", "otter", "owl", "peak", "pebble", "pine", "plum", "pond", "poplar", "quail",
	"raven", "reed", "reef", "ridge", "river", "robin", "rowan", "sage", "shore", "spruce",
	"stone", "stork", "stream", "summit", "swan", "thistle", "trail", "trout", "valley",
	"violet", "walnut", "willow", "wren" };

void names_make_id(char ret[SESSION_ID_SIZE], time_t now, uint64_t pid)
{
	struct tm tm;
	size_t n;

	gmtime_r(&now, &tm);
	n = strftime(ret, SESSION_ID_SIZE, "%Y%m%d-%H%M%S-", &tm);
	snprintf(ret + n, SESSION_ID_SIZE - n, "%" PRIu64, pid % 10000000000);
}

void names_make(char ret[SESSION_NAME_SIZE], uint64_t random)
{
	uint64_t noun = random / ELEMENTSOF(adjectives) % ELEMENTSOF(nouns);

	snprintf(ret, SESSION_NAME_SIZE, "%s-%s", adjectives[random % ELEMENTSOF(adjectives)],
		nouns[noun]);
}

bool names_are_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				"0123456789._-");

	/* A letter in front: what starts with a digit is taken for the beginning of an id. */
	return n > 0 && n < SESSION_NAME_SIZE && name[n] == '\0' && strchr(letters, name[0]);
}
