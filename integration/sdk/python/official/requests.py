"""Requests for providers."""

import inspect
import json
import typing
from functools import cache

import botocore.loaders
import botocore.model
import botocore.validate
import cohere
from anthropic.types import message_create_params
from google.genai import types as gemini
from ollama._types import ChatRequest
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params
from pydantic import BaseModel, ConfigDict, create_model

from . import judge

# What stands in the body where the model is in the path.
ANTHROPIC_VERSIONS = {"bedrock-anthropic": "bedrock-2023-05-31", "vertex-anthropic": "vertex-2023-10-16"}


class Gemini(BaseModel):
    """The package has the parts of the body, not the body."""

    model_config = ConfigDict(extra="forbid")

    contents: list[gemini.Content]
    systemInstruction: gemini.Content | None = None
    generationConfig: gemini.GenerationConfig | None = None
    tools: list[gemini.Tool] | None = None
    toolConfig: gemini.ToolConfig | None = None
    safetySettings: list[gemini.SafetySetting] | None = None
    cachedContent: str | None = None


@cache
def types(api):
    match api:
        case "gemini" | "vertex-gemini":
            return Gemini
        case "ollama":
            return ChatRequest
        case "cohere":
            # The body is what the method takes.
            method = cohere.ClientV2.chat
            hints = typing.get_type_hints(method, include_extras=True)
            parameters = inspect.signature(method).parameters.values()
            needed = {p.name for p in parameters if p.default is inspect.Parameter.empty}
            names = hints.keys() - {"return", "request_options"}
            fields = {name: (hints[name], ... if name in needed else None) for name in names}
            return create_model("Cohere", __config__=ConfigDict(extra="forbid"), stream=(bool, ...), **fields)
        case "openai-responses":
            return response_create_params.ResponseCreateParams
        case "anthropic":
            return message_create_params.MessageCreateParams
        case "openai" | "azure-openai":
            return completion_create_params.CompletionCreateParams


@cache
def converse():
    model = botocore.loaders.Loader().load_service_model("bedrock-runtime", "service-2")
    return botocore.model.ServiceModel(model).operation_model("Converse").input_shape


def request(api, text):
    value = json.loads(text)
    if api == "bedrock-converse":
        # The model is in the path.
        report = botocore.validate.ParamValidator().validate(value | {"modelId": "m"}, converse())
        assert not report.has_errors(), report.generate_report()
        return
    if api in ANTHROPIC_VERSIONS:
        assert value.pop("anthropic_version") == ANTHROPIC_VERSIONS[api] and "model" not in value, value
        api, value["model"] = "anthropic", "m"
    if api == "ollama":
        # The server takes any schema, the package's type a part of them.
        for tool in value.get("tools", ()):
            del tool["function"]["parameters"]
    # Others that speak nearly OpenAI's API take what no type of OpenAI has.
    if kind := types(api):
        judge(kind, api, value)
