/*
 * mutant.h - MUTANT() for serve/ and the services; base/mutant.h has it.
 */
#ifndef SERVE_MUTANT_H
#define SERVE_MUTANT_H

#include "base/mutant.h"

#endif
