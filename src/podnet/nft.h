/* SPDX-License-Identifier: Apache-2.0
 *
 * nft.h - hand rules to nft(8)
 */
#ifndef BERTH_PODNET_NFT_H
#define BERTH_PODNET_NFT_H

#include "base/err.h"

/* All of 'rules' or none of it. Blocks for some 10 ms. -ENOENT when the program is not
 * installed. */
int nft_apply(const char *rules, struct err *err);

#endif
