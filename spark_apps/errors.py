"""What can go wrong: one tree, each message naming the thing, the rule and the next step."""


class TayhoError(Exception):
    """Stand above every error that Tayho raises on purpose."""


class BadSetting(TayhoError):
    """Raise when a setting is missing, unknown or of the wrong type."""


class MissingTool(TayhoError):
    """Raise when a program, a jar or a port that the machine must have is not there."""


class UnknownTable(TayhoError):
    """Raise when a table is asked for that no declaration names, or that has not been made yet."""


class SchemaMismatch(TayhoError):
    """Raise when data does not have the columns or types that its declaration names."""


class RuleViolated(TayhoError):
    """Raise when rows that must be right are not, and cannot be set aside."""


class RowsDoNotAddUp(TayhoError):
    """Raise when rows in are not rows out + quarantined + late + duplicate, or a sum is not conserved."""


class BadQuery(TayhoError):
    """Raise when SQL that a person wrote cannot be answered."""


class EmptyInput(TayhoError):
    """Raise when a job finds nothing to read where there must be something."""


class StateMismatch(TayhoError):
    """Raise when a state, a checkpoint or a pair of rows and state does not belong to this fold."""


class IncompatibleSchema(TayhoError):
    """Raise at the producer when a message does not fit the registered schema of its channel."""


class ServiceFailed(TayhoError):
    """Raise when a service we started, or were pointed at, does not answer or has died."""
