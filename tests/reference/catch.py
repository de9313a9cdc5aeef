"""Catch on a grid, one sentence of its rules after the other."""

from tests.reference import random


class Game:
    def __init__(self, rows, columns, key):
        self.rows, self.columns = rows, columns
        self.ball = [0, random.integer(key, columns)[1]]
        self.paddle = columns // 2

    def step(self, action):
        if action == "left" and self.paddle > 0:
            self.paddle -= 1
        if action == "right" and self.paddle < self.columns - 1:
            self.paddle += 1
        self.ball[0] += 1
        if self.ball[0] < self.rows - 1:
            return 0.0, False
        return (1.0 if self.ball[1] == self.paddle else -1.0), True

    def picture(self):
        channels = [[[0.0] * self.columns for _ in range(self.rows)] for _ in range(2)]
        channels[0][self.ball[0]][self.ball[1]] = 1.0
        channels[1][self.rows - 1][self.paddle] = 1.0
        return channels
