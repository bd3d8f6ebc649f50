"""Small networks that train on two cores.

Read `neural` and `training_loop` first; then experts and sizes that read bytes, students of digits, and students of a real model.
"""

from . import (
    byte_model,
    byte_scaling,
    digit_distillation,
    digit_students,
    moe_training,
    neural,
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
]
