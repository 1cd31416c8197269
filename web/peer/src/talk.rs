//! Asking for takebacks, consenting and declining, and chat: signed messages that no fold counts.

use rookery_ledger::id::{Hash, Millis, Ply};
use rookery_ledger::record::{Consent, MAX_CHAT_CHARS, Message, Said, Signed};
use rookery_ledger::sign::Verifier as _;
use rookery_ledger::{Colour, PlayError, Refusal};

use crate::failure::Failure;
use crate::table::Table;

/// A takeback that is asked for at a head.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) by: Colour,
    pub(crate) at: Hash,
    pub(crate) to_ply: Ply,
    /// The asker's consent, where the asker is not to move.
    pub(crate) consent: Option<Signed<Consent>>,
}

/// What a message of the other player calls for.
#[derive(Debug, Clone)]
pub(crate) enum Heard {
    /// Nothing, or nothing any more.
    Nothing,
    /// Something to show.
    News,
    /// What this player asked for or offered is declined.
    Declined,
    /// The takeback that this player asked for may be signed.
    Consent(Signed<Consent>),
    /// The other player's device wants to open a channel, or answers.
    Signal(String),
    /// A line of chat, by a seated player, whether the game goes on or is over.
    Chat {
        by: Colour,
        text: String,
        at: Millis,
    },
}

impl Table {
    /// The ply to which a takeback by this player would return: before its own last move.
    pub(crate) fn takeback_ply(&self) -> Option<Ply> {
        let line = &self.player.game().state().line;
        let own = self.player.colour()?;
        if !self.plays()
            || self.hides_last()
            || self.preparing.is_some()
            || self.player.pending().is_some()
        {
            return None;
        }
        let back = if line.turn() == own { 2 } else { 1 };
        let to = Ply::new(line.ply().get().checked_sub(back)?);
        let (least, most) = line.rewind_range()?;
        (least..=most).contains(&to).then_some(to)
    }

    /// The other player's open ask.
    pub(crate) fn asked_of_us(&self) -> Option<&Ask> {
        let own = self.player.colour()?;
        self.ask
            .as_ref()
            .filter(|ask| ask.by != own && self.plays() && self.preparing.is_none())
    }

    /// The draw that the other player offers and this one has not declined.
    pub(crate) fn draw_offered(&self) -> Option<Colour> {
        if self.outcome().is_some() || self.hides_last() {
            return None;
        }
        let line = &self.player.game().state().line;
        line.draw_offer()
            .filter(|_| self.declined != Some(line.head()))
    }

    /// Asks for a takeback: the message to send.
    pub(crate) fn ask_takeback(&mut self) -> Result<Message, Failure> {
        let own = self.player.colour().ok_or(PlayError::NotAPlayer)?;
        let line = &self.player.game().state().line;
        if let Some(outcome) = line.outcome() {
            return Err(Refusal::GameOver(outcome).into());
        }
        if !self.player.game().genesis().body.takebacks {
            return Err(Refusal::NoTakebacks.into());
        }
        let to_ply = self.takeback_ply().ok_or(Failure::NothingThere(
            "there is no move of yours to take back now",
        ))?;
        let consent = if line.turn() == own {
            None
        } else {
            Some(self.player.consent(to_ply)?)
        };
        let at = line.head();
        self.ask = Some(Ask {
            by: own,
            at,
            to_ply,
            consent,
        });
        Ok(Message::AskTakeback {
            at,
            to_ply,
            consent,
        })
    }

    /// Declines the other's ask and offer, and withdraws one's own: the message to send, where there is something to say.
    pub(crate) fn decline(&mut self) -> Result<Option<Message>, Failure> {
        let at = self.head();
        let own = self.player.colour().ok_or(PlayError::NotAPlayer)?;
        let kept = std::mem::take(&mut self.offer_next);
        let asked = self.ask.take().is_some();
        let offered = self.draw_offered().is_some_and(|by| by != own);
        if offered {
            self.declined = Some(at);
        }
        if asked || offered {
            Ok(Some(Message::Decline { at }))
        } else if kept {
            Ok(None)
        } else {
            Err(Failure::NothingThere("there is nothing to decline"))
        }
    }

    /// A line of chat: the message to send. After the game its players may still talk.
    pub(crate) fn chat(&self, text: String) -> Result<Message, Failure> {
        self.player.colour().ok_or(PlayError::NotAPlayer)?;
        if text.trim().is_empty() {
            return Err(Failure::BadInput("there is nothing to say"));
        }
        if text.chars().nth(MAX_CHAT_CHARS).is_some() {
            return Err(Failure::BadInput(
                "a line of chat has at most 500 characters",
            ));
        }
        Ok(Message::Chat { text })
    }

    /// Takes in a message. What is not signed by the other player, or is about another head, is nothing.
    pub(crate) fn hear(&mut self, said: &Signed<Said>) -> Heard {
        let Some(by) = self.player.heard(said) else {
            return Heard::Nothing;
        };
        if let Message::Chat { text } = &said.body.message {
            return Heard::Chat {
                by,
                text: text.clone(),
                at: said.body.at_ms,
            };
        }
        if self.player.colour() == Some(by) {
            return Heard::Nothing;
        }
        if let Message::Signal { data } = &said.body.message {
            return Heard::Signal(data.clone());
        }
        if !self.plays() {
            return Heard::Nothing;
        }
        let head = self.head();
        match &said.body.message {
            Message::AskTakeback {
                at,
                to_ply,
                consent,
            } if *at == head => {
                let line = &self.player.game().state().line;
                let in_range = line
                    .rewind_range()
                    .is_some_and(|(least, most)| (least..=most).contains(to_ply));
                let asker = said.body.player;
                let fits = match consent {
                    None => line.turn() == by,
                    Some(consent) => {
                        line.turn() != by
                            && consent.body.at == head
                            && consent.body.to_ply == *to_ply
                            && asker.signed(self.id(), consent)
                    }
                };
                if !in_range || !fits {
                    return Heard::Nothing;
                }
                self.ask = Some(Ask {
                    by,
                    at: head,
                    to_ply: *to_ply,
                    consent: *consent,
                });
                Heard::News
            }
            Message::Consent { consent } if consent.body.at == head => {
                let wanted = self.ask.as_ref().is_some_and(|ask| {
                    ask.by != by
                        && ask.consent.is_none()
                        && ask.at == head
                        && ask.to_ply == consent.body.to_ply
                });
                if wanted {
                    Heard::Consent(*consent)
                } else {
                    Heard::Nothing
                }
            }
            Message::Decline { at } if *at == head => {
                let asked = self.ask.take().is_some();
                let offered = self.draw_offered().is_some_and(|offer| offer != by);
                if offered {
                    self.declined = Some(head);
                }
                if asked || offered {
                    Heard::Declined
                } else {
                    Heard::Nothing
                }
            }
            _ => Heard::Nothing,
        }
    }

    /// What accepts the other's ask: the consent to send, or none where a Rewind is to be signed with the consent given.
    pub(crate) fn answer_takeback(&self) -> Result<Answer, Failure> {
        let ask = self.asked_of_us().ok_or(Failure::NothingThere(
            "your opponent does not ask for a takeback now",
        ))?;
        Ok(match ask.consent {
            Some(consent) => Answer::Rewind(consent),
            None => Answer::Say(Message::Consent {
                consent: self.player.consent(ask.to_ply)?,
            }),
        })
    }
}

/// How a takeback is accepted.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// By signing a Rewind with this consent.
    Rewind(Signed<Consent>),
    /// By sending one's own consent.
    Say(Message),
}
