"""What is the same for every API of callers: a question, and a text that answers it, plain or streamed."""

import openai
from gateway import PROMPT, client, user


class Chat:
    package = openai
    client = staticmethod(client)

    @staticmethod
    def plain(ours, model, text=PROMPT, **options):
        answer = ours.chat.completions.create(model=model, messages=[user(text)], **options)
        return answer.choices[0].message.content

    @staticmethod
    def pieces(ours, model, text=PROMPT):
        for chunk in ours.chat.completions.create(model=model, messages=[user(text)], stream=True):
            for choice in chunk.choices:
                yield choice.delta.content or ""

    @staticmethod
    def word(error):
        """The word for programs in the error."""
        return error.code


class Responses:
    package = openai
    client = staticmethod(client)
    word = Chat.word

    @staticmethod
    def plain(ours, model, text=PROMPT, **options):
        return ours.responses.create(model=model, input=text, **options).output_text

    @staticmethod
    def pieces(ours, model, text=PROMPT):
        for event in ours.responses.create(model=model, input=text, stream=True):
            if event.type == "response.output_text.delta":
                yield event.delta


class Completions:
    package = openai
    client = staticmethod(client)
    word = Chat.word

    @staticmethod
    def plain(ours, model, text=PROMPT, **options):
        return ours.completions.create(model=model, prompt=text, **options).choices[0].text

    @staticmethod
    def pieces(ours, model, text=PROMPT):
        for piece in ours.completions.create(model=model, prompt=text, stream=True):
            for choice in piece.choices:
                yield choice.text


CALLERS = {"chat": Chat, "responses": Responses, "completions": Completions}
