"""Small networks that train on two cores.

Read `neural` and `training_loop` first; then experts and sizes that read bytes, students of digits, students of a real model, and workers
who train together: apart, over thin lines, and with liars among them.
"""

from . import (
    byte_local_steps,
    byte_model,
    byte_scaling,
    digit_distillation,
    digit_students,
    liars,
    local_steps,
    moe_training,
    neural,
    robust_rules,
    student_training,
    teacher,
    token_student,
    training_loop,
)

__all__ = [
    "neural",
    "training_loop",
    "byte_model",
    "moe_training",
    "byte_scaling",
    "digit_distillation",
    "digit_students",
    "teacher",
    "token_student",
    "student_training",
    "local_steps",
    "byte_local_steps",
    "robust_rules",
    "liars",
]
