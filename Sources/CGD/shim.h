#ifndef SLUICE_CGD_SHIM_H
#define SLUICE_CGD_SHIM_H

#include <gd.h>

#endif
