"""Lesson 05, distillation: students of digits and of a real open model, and who paid for the teacher.

The names stand in the order in which the lesson uses them.
"""

from . import digit_panel, distillation_bill_panel, exercises, real_teacher_pictures, retained_score_panel
from .claims import settled
from .dark_knowledge_panel import never_saw_a_three, resemblance_panel
from .digit_panel import by_labels
from .distillation_bill import Plan, bill, epochs
from .distillation_bill_panel import law_picture
from .published_students import SAME_BASE
from .real_teacher_pictures import costs, look

__all__ = [
    "by_labels",
    "digit_panel",
    "resemblance_panel",
    "never_saw_a_three",
    "look",
    "real_teacher_pictures",
    "costs",
    "SAME_BASE",
    "retained_score_panel",
    "Plan",
    "epochs",
    "distillation_bill_panel",
    "law_picture",
    "exercises",
    "bill",
    "settled",
]
