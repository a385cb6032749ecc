#include "beanstalk/stack_change.h"
