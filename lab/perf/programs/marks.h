/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Instructions that change nothing and that no compiler makes. They are signs of the guest to
 * the counter of its instructions. ARM code, not Thumb.
 */

#ifndef __MARKS_H
#define __MARKS_H

#define MARK_BEGIN	0xe1877007	/* orr r7, r7, r7 */
#define MARK_END	0xe1888008	/* orr r8, r8, r8 */

#endif /* __MARKS_H */
