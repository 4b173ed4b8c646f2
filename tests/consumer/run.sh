#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs the library somewhere, and uses it as a stranger would: headers, pkg-config, libraries.
# usage: run.sh BUILD_DIR VERSION CC CXX
set -euo pipefail
build=$1 version=$2 cc=$3 cxx=$4
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

command -v pkg-config >/dev/null || { echo "pkg-config is not installed" >&2 && exit 77; }
DESTDIR=$work/root meson install -C "$build" --no-rebuild --quiet --tags devel,runtime
pc=$(find "$work/root" -name nono.pc)
system=$(pkg-config --variable pc_path pkg-config)
export PKG_CONFIG_LIBDIR=${pc%/*}:$system PKG_CONFIG_SYSROOT_DIR=$work/root
libdir=$(pkg-config --variable=libdir nono)
export LD_LIBRARY_PATH=$libdir
[ "$(pkg-config --modversion nono)" = "$version" ]

strict=(-Wall -Wextra -Werror -pedantic -D_XOPEN_SOURCE=700 "-DEXPECTED_VERSION=\"$version\"")
read -ra cflags <<<"$(pkg-config --cflags nono)"
read -ra libs <<<"$(pkg-config --libs nono)"
"$cc" -std=c89 "${strict[@]}" "${cflags[@]}" "$here/consumer.c" -o "$work/c" "${libs[@]}" -pthread
"$work/c"
"$cxx" -std=c++98 -x c++ "${strict[@]}" "${cflags[@]}" "$here/consumer.c" -x none -o "$work/cxx" \
	"${libs[@]}" -pthread
"$work/cxx"

# The static library, with the system's shared libseccomp: what pkg-config --static adds.
unset PKG_CONFIG_SYSROOT_DIR
read -ra private <<<"$(pkg-config --libs-only-l --static nono | sed 's/-lnono//')"
"$cc" -std=c89 "${strict[@]}" "${cflags[@]}" "$here/consumer.c" -o "$work/static" -pthread \
	"$libdir/libnono.a" "${private[@]}"
LD_LIBRARY_PATH='' "$work/static"
if readelf -d "$work/static" | grep -q 'NEEDED.*libnono'; then
	echo "the static program needs the shared library" >&2
	exit 1
fi
# The example of libnono(3), as it is printed there.
awk '/^```$/ { inside = !inside; next } inside' "$here/../../man/libnono.3.scd" | sed 's/\\\\/\\/g' \
	>"$work/example.c"
"$cc" -std=c89 "${strict[@]}" "${cflags[@]}" "$work/example.c" -o "$work/example" "${libs[@]}"
mkdir "$work/project"
if "$work/c" supported; then
	status=0
	"$work/example" "$work/project" sh -c 'echo kept >file; cat /etc/passwd; exit 3' \
		>"$work/out" 2>&1 || status=$?
	if [ "$status" != 3 ] || [ "$(cat "$work/project/file")" != kept ] ||
		! grep -q 'passwd: Permission denied' "$work/out"; then
		echo "the example of libnono(3) ends with $status:" >&2
		cat "$work/out" >&2
		exit 1
	fi
else
	[ -z "${NONO_MUST_WORK-}" ]
fi
# Whoever loads libnono gets nothing else loaded with it.
needed=$(readelf -d "$libdir/libnono.so" | sed -n 's/.*NEEDED.*\[\(.*\)\].*/\1/p' | sort | tr '\n' ' ')
[ "$needed" = "libc.so.6 libseccomp.so.2 " ] || { echo "libnono.so needs: $needed" >&2 && exit 1; }
