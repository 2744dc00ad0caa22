#ifndef FREESTANDING_ASSERT_H
#define FREESTANDING_ASSERT_H

#define assert(condition) ((void)0)

#endif
