#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Print the version: that of the nearest tag vN.N.N (with the number of commits since
# and the last one's name), or $VERSION, which the top Makefile holds, outside of git.

root=$(dirname "$0")/..
if [ -e "$root/.git" ] &&
   tag=$(git -C "$root" describe --tags --match 'v[0-9]*' 2>/dev/null); then
	echo "${tag#v}"
else
	echo "${VERSION:-$(sed -n 's/^VERSION := //p' "$root/Makefile")}"
fi
