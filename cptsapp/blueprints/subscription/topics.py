"""The topics that people may choose: added, renamed, put in order, closed, removed while nobody has chosen them."""

from peewee import JOIN, fn

from cptsapp.blueprints.person.rules import one_line
from cptsapp.kernel import journal
from cptsapp.kernel.db import db, locked, now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import fold

from .models import Topic, TopicChoice

MOST_TOPICS = 20
journal.declare("topic.saved", "Thème de la lettre enregistré")
journal.declare("topic.closed", "Thème de la lettre fermé")
journal.declare("topic.reopened", "Thème de la lettre proposé de nouveau")
journal.declare("topic.removed", "Thème de la lettre retiré")


def counted() -> list[tuple[Topic, int]]:
    """Return the topics in order, each with how many have chosen it."""
    count = fn.COUNT(TopicChoice.id)
    query = Topic.select(Topic, count.alias("readers")).join(TopicChoice, JOIN.LEFT_OUTER).group_by(Topic.id)
    return [(each, each.readers) for each in query.order_by(Topic.position, Topic.id)]


@db.atomic()
def save(name: str, description: str = "", *, topic_id: int | None = None) -> Topic:
    """Add a topic, or rename one; a RuleError says when another has the same name."""
    name, description = one_line(name or ""), one_line(description or "")
    if not name:
        raise RuleError("Donnez un nom au thème.", field="name")
    if len(name) > 80 or len(description) > 200:
        raise RuleError("Raccourcissez : 80 caractères pour le nom, 200 pour la description.", field="name")
    same = Topic.select().where(Topic.folded == fold(name)[:80], Topic.id != (topic_id or 0))
    if same.exists():
        raise RuleError("Un thème porte déjà ce nom.", field="name")
    topic = _find(topic_id) if topic_id else Topic(position=(Topic.select(fn.MAX(Topic.position)).scalar() or 0) + 1)
    if not topic_id and Topic.select().count() >= MOST_TOPICS:
        raise RuleError(f"{MOST_TOPICS} thèmes au plus : au-delà, personne ne choisit.", field="name")
    topic.name, topic.folded, topic.description = name, fold(name)[:80], description
    topic.save()
    journal.write("topic.saved", "topic", topic.id)
    return topic


@db.atomic()
def move_up(topic_id: int) -> None:
    """Exchange a topic with the one before it."""
    topics = list(Topic.select().order_by(Topic.position, Topic.id))
    rank = next((rank for rank, each in enumerate(topics) if each.id == topic_id), 0)
    if rank:
        topics[rank - 1], topics[rank] = topics[rank], topics[rank - 1]
    for position, each in enumerate(topics, 1):
        Topic.update(position=position).where(Topic.id == each.id).execute()


@db.atomic()
def close(topic_id: int) -> None:
    """Stop offering a topic; those who chose it keep it."""
    topic = _find(topic_id)
    topic.closed_at = topic.closed_at or now()
    topic.save()
    journal.write("topic.closed", "topic", topic_id)


@db.atomic()
def reopen(topic_id: int) -> None:
    topic = _find(topic_id)
    topic.closed_at = None
    topic.save()
    journal.write("topic.reopened", "topic", topic_id)


@db.atomic()
def remove(topic_id: int) -> None:
    """Remove a topic that nobody has chosen; otherwise it may only be closed."""
    topic = _find(topic_id)
    if TopicChoice.select().where(TopicChoice.topic == topic).exists():
        raise RuleError("Des personnes ont choisi ce thème : fermez-le, il ne sera plus proposé.")
    topic.delete_instance()
    journal.write("topic.removed", "topic", topic_id)


def _find(topic_id: int) -> Topic:
    topic = locked(Topic.select().where(Topic.id == topic_id)).first()
    if topic is None:
        raise RuleError("Ce thème n’existe plus. Rechargez la page.")
    return topic
