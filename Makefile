# The commands of the project; each says what it does and is quick the second time.

.PHONY: help run demo test test-long check bench package test-package

help:
	@echo "make run           install what is missing, build, open the window"
	@echo "make demo          the same with a registry of its own that holds real runtime images"
	@echo "make test          every check and every test"
	@echo "make test-long     the tests that take long: kills at every call, many random containers"
	@echo "make check         form, lints, types, licences, generated files"
	@echo "make bench         measure start, changes, idle and the downtime of updates (25 minutes)"
	@echo "make package       build the deb and the rpm"
	@echo "make test-package  install the deb, start it, see its window, remove it"

run:
	@scripts/run

demo:
	@scripts/demo

test:
	@scripts/test

test-long:
	@scripts/test-long

check:
	@scripts/check

bench:
	@scripts/bench

package:
	@scripts/package

test-package:
	@scripts/test-package
