"""nbgrader's settings: the solution notebook is the source, exercises/ is generated from it (`make exercises`)."""

c = get_config()  # noqa: F821

c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = ".grading/submitted"
c.CourseDirectory.autograded_directory = ".grading/autograded"
c.CourseDirectory.feedback_directory = ".grading/feedback"
c.CourseDirectory.db_url = "sqlite:///.grading/gradebook.db"
# Helpers of the solution must not be copied to the students.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "solution_*", "*.md"]

# Seconds a cell may take while marking.
c.ExecutePreprocessor.timeout = 60
c.Execute.timeout = 60
# A submission whose test cell was deleted gets it back.
c.OverwriteCells.add_missing_cells = True
