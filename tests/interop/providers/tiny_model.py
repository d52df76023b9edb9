"""Teaches a tiny Qwen3 model the talks by heart and saves it: ``python tiny_model.py FOLDER`` where torch is installed.

The family is Qwen3 because the servers know its markup for thinking and calls. One minute on two cores.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path

import torch
from answers import ENDLESS_TALK, TALKS, WEATHER
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

END, START, PAD = "<|im_end|>", "<|im_start|>", "<|endoftext|>"
ASSISTANT = f"{START}assistant\n"
CONTEXT = 4096

QWEN_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""How this family splits text into words; llama.cpp has it built in under the family's name."""

TEMPLATE = r"""
{%- if tools %}
    {{- '<|im_start|>system\nTools:' }}
    {%- for tool in tools %}{{- ' ' + tool.function.name }}{%- endfor %}
    {{- '<|im_end|>\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'tool' %}
        {{- '<|im_start|>user\n<tool_response>\n' + message.content + '\n</tool_response><|im_end|>\n' }}
    {%- else %}
        {{- '<|im_start|>' + message.role + '\n' }}
        {%- if message.reasoning_content %}
            {{- '<think>\n' + message.reasoning_content + '\n</think>\n\n' }}
        {%- endif %}
        {%- if message.content %}{{- message.content }}{%- endif %}
        {%- for call in message.tool_calls or [] %}
            {%- if message.content or not loop.first %}{{- '\n' }}{%- endif %}
            {{- '<tool_call>\n{"name": "' + call.function.name + '", "arguments": ' }}
            {%- if call.function.arguments is string %}
                {{- call.function.arguments }}
            {%- else %}
                {{- call.function.arguments | tojson }}
            {%- endif %}
            {{- '}\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}
"""


def tokenizer_of(texts: list[str]) -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN_WORDS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=END, pad_token=PAD)
    fast.chat_template = TEMPLATE
    return fast


def rendered(tokenizer: PreTrainedTokenizerFast | None) -> list[str]:
    """Every talk in every form a server may put it: with the tool and without, and the endless one unended."""
    tool = {"type": "function", "function": {key: value for key, value in WEATHER.items() if key != "type"}}
    maker = tokenizer or PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()), chat_template=TEMPLATE)
    texts = []
    for talk in (*TALKS, ENDLESS_TALK):
        for tools in ([tool], None):
            text = maker.apply_chat_template(list(talk), tools=tools, tokenize=False)
            texts.append(text.removesuffix(f"{END}\n") if talk is ENDLESS_TALK else text)
    return texts


def batch_of(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids, and the same ids as labels where an assistant speaks; -100 elsewhere."""
    rows, labels = [], []
    for text in texts:
        ids, wanted, speaks = [], [], False
        for piece in _turns(text):
            encoded = tokenizer.encode(piece, add_special_tokens=False)
            speaks = piece.startswith(ASSISTANT)
            head = len(tokenizer.encode(ASSISTANT, add_special_tokens=False)) if speaks else len(encoded)
            ids += encoded
            wanted += [-100] * head + encoded[head:]
        rows.append(ids)
        labels.append(wanted)
    longest = max(map(len, rows))
    pad = tokenizer.pad_token_id
    return (
        torch.tensor([row + [pad] * (longest - len(row)) for row in rows]),
        torch.tensor([row + [-100] * (longest - len(row)) for row in labels]),
    )


def _turns(text: str) -> list[str]:
    starts = [index for index in range(len(text)) if text.startswith(START, index)]
    return [text[a:b] for a, b in pairwise([*starts, len(text)])]


def taught(tokenizer: PreTrainedTokenizerFast, texts: list[str]) -> Qwen3ForCausalLM:
    torch.manual_seed(1)
    end = tokenizer.convert_tokens_to_ids(END)
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=64,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        eos_token_id=end,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = Qwen3ForCausalLM(config)
    ids, labels = batch_of(tokenizer, texts)
    mask = (ids != tokenizer.pad_token_id).long()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(600):
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        if step % 50 == 0:
            print(f"step {step}: loss {loss.item():.4f}", flush=True)
        if loss.item() < 0.002:
            break
    model.generation_config = GenerationConfig(do_sample=False, eos_token_id=end, pad_token_id=tokenizer.pad_token_id)
    return model.eval()


def main() -> None:
    out = Path(sys.argv[1])
    tokenizer = tokenizer_of(rendered(None))
    model = taught(tokenizer, rendered(tokenizer))
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)


if __name__ == "__main__":
    main()
