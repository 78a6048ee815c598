/* SPDX-License-Identifier: Apache-2.0
 *
 * sanitize.h - what is being built with a sanitizer: gcc says so by macros, clang by
 * features
 */
#ifndef BERTH_BASE_SANITIZE_H
#define BERTH_BASE_SANITIZE_H

#ifndef __has_feature
#define __has_feature(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define HAS_ADDRESS_SANITIZER 1
#else
#define HAS_ADDRESS_SANITIZER 0
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define HAS_THREAD_SANITIZER 1
#else
#define HAS_THREAD_SANITIZER 0
#endif

#endif
